"""What the timeline is made of: curves over time, the raster, marked windows."""
