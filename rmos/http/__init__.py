"""What the views share: how a request is read, how a response is made, and the document of it all."""
