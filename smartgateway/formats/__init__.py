"""How dates are written wherever a page does not say it itself: 23 Nov 2026, 07:25:40."""
