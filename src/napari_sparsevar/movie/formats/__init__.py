"""One file a format: ``claims`` looks at content, ``read`` gives a `Movie`."""
