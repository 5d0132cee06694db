"""What front ends, apps and partners read."""
