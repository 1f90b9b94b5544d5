"""What the views share: how a request is read, how an answer is sent, and the document of it all."""
