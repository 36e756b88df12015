"""Signet: the code its functions share. Rules in this folder do no I/O."""
