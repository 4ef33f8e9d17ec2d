"""A harness for tests of programs that read vital signs: real services, made and ended by it."""
