#!/bin/sh
# Plays systemctl: notes what it is asked, shows what a test has written beside it, and fails in the words of a test. It is
# linked and never written by a test, because a file that some other test's child still has open for writing cannot be run.
echo "$*" >>"$0.asked"
case " $* " in
*" show "*) cat "$0.shown" ;;
*) [ ! -e "$0.fails" ] || { cat "$0.fails" >&2; exit 1; } ;;
esac
