"""What tokens cost: prices, and the arithmetic of one answer's bill."""
