"""The figure of what a viewer shows, drawn without one."""
