"""The local pages and the SDK's browser build, in a real Chromium."""
