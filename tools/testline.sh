#!/bin/sh
# Called by gotestsum after a run: one plain line that people and CI can read.
passed=$((TESTS_TOTAL - TESTS_FAILED - TESTS_SKIPPED))
printf '%d passed, %d failed, %d skipped, %d errors\n' "$passed" "$TESTS_FAILED" "$TESTS_SKIPPED" "$TESTS_ERRORS"
