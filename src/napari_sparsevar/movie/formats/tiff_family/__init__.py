"""TIFF as ImageJ, OME, ScanImage and others write it; imported when such a file is looked at."""
