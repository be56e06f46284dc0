"""What several test folders share: factories, clients, servers."""
