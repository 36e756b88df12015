"""Rules: tables of cases and properties; no AWS."""
