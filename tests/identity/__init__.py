"""Who calls: keys, roles, limits, commands, pages."""
