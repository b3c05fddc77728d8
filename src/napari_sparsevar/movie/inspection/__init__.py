"""What is looked at before training: damaged frames, saturation, motion, static images, cells."""
