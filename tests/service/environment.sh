#!/bin/sh
# Plays a program that the daemon asks: notes the environment that it was given, and knows no answer.
env >"$0.environment"
exit 1
