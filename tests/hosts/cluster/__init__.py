"""What must hold on three hosts."""
