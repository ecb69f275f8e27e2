"""Prices, and the coupons that lower them."""
