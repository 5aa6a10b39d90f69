"""Sending transactions: signed once, written down first, paid for, and watched until they count."""
