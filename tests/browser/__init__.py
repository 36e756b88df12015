"""The local pages, the console and the SDK's browser build, in a real Chromium."""
