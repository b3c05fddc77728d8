"""The network: encoder, decoder, static skip and the sparse VAR between them."""
