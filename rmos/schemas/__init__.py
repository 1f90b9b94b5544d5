"""How JSON looks to a client: what a request may hold, and how runs are shown. One module for each noun."""
