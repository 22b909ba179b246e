#!/bin/sh
# Plays a program of the host: does what the file says that is named after the arguments. It is linked and never written by
# a test, because a file that some other test's child still has open for writing cannot be run.
. "$0.d/$*"
