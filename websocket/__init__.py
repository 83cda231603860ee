"""Live status: sockets, what they subscribe to, and the pushing of every change to them."""
