# What the scripts in this folder share. Sourced, never run.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

# Whether a person sits at both ends and can press Ctrl-C.
on_terminal() { [[ -t 0 && -t 1 ]]; }

# Whether the word comes after it among the arguments: has WORD ARGUMENT…
has() {
  local word=$1 argument
  shift
  for argument in "$@"; do
    if [[ $argument == "$word" || $argument == "$word="* ]]; then return 0; fi
  done
  return 1
}

# Counts the seconds down on one line; Ctrl-C ends the script with 130.
countdown() {
  local seconds=$1
  trap 'printf "\n" >&2; say "Stopped. Nothing was changed."; exit 130' INT
  while ((seconds > 0)); do
    printf '\rThe restore begins in %2d s, Ctrl-C stops it ' "$seconds" >&2
    sleep 1
    seconds=$((seconds - 1))
  done
  printf '\n' >&2
  trap - INT
}
