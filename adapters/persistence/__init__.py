"""What is kept on disk: the files of batches, and those that the gateway keeps for its clients."""
