"""The functions: doors between the state machine's JSON and one step each. Nothing is decided here."""
