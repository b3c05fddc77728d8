"""Files and folders that appear whole or not at all: temporary names, exchange, locks."""
