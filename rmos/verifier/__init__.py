"""What strangers run to verify evidence: a script and a page that need nothing of RMOS, and use nothing of it."""
