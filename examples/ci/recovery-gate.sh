#!/usr/bin/env bash
# Runs spr-bench and gates the run against a committed baseline: in any CI service, and by hand with the same command:
#
#   SPR_BENCH_BASELINE=baseline.json bash recovery-gate.sh
#
# All of it is set by environment variables, so that no value is ever read as a command:
#
#   SPR_BENCH_STRATEGIES   ids separated by commas, the reference first  (full-handshake,spr)
#   SPR_BENCH_WORKLOADS    ids separated by commas                       (request-reply)
#   SPR_BENCH_CONNECTIONS  client connections                            (the workload's own)
#   SPR_BENCH_TRIALS       trials of each strategy; from 6 on the gate can tell something  (12)
#   SPR_BENCH_SEED         fixes load, fault times and order             (1)
#   SPR_BENCH_ARGS         more options of `spr-bench compare`, separated by white space
#   SPR_BENCH_BASELINE     what `spr-bench baseline` wrote; without it nothing is gated
#   SPR_BENCH_CONFIG       thresholds of the gate                        (its defaults)
#   SPR_BENCH_OUT          folder of the results                         (spr-bench-results)
#   SPR_BENCH_FAIL_ON_INCONCLUSIVE  true: a run that says nothing fails  (false)
#   SPR_BENCH_CLI          path of spr-bench's cli.js                    (the spr-bench of npx)
#
# Exit code: 0 pass, or inconclusive where that does not fail; 2 wrong option or file, 3 violation, 4 regression,
# 5 inconclusive. In the folder of the results: report.html, report.md, junit.xml, gate.txt, summary.md, and of a run
# without a violation baseline.json: commit it when it is to become the baseline.
set -euo pipefail

# GitHub takes no step summary beyond this.
readonly MAX_SUMMARY_BYTES=1048576

baseline=${SPR_BENCH_BASELINE:-}
config=${SPR_BENCH_CONFIG:-}
out=${SPR_BENCH_OUT:-spr-bench-results}
fail_on_inconclusive=${SPR_BENCH_FAIL_ON_INCONCLUSIVE:-false}

measured=false

main() {
  trap 'finish $?' EXIT
  check_inputs
  local code=0
  measure || code=$?
  # A typing error leaves the results of an earlier run as they are.
  if [ "$code" -eq 2 ]; then exit 2; fi
  rm -f "$out"/{gate.txt,summary.md,report.md,junit.xml,baseline.json}
  # Without trials that count (5), or with a violation (3), there are results all the same.
  case $code in 0 | 3 | 5) ;; *) exit "$code" ;; esac
  measured=true
  spr_bench report "$out" --format markdown,junit --out "$out"
  if [ "${GITHUB_ACTIONS:-}" = true ]; then spr_bench report "$out" --format github-annotations; fi
  if [ "$code" -eq 0 ]; then spr_bench baseline "$out" > "$out/baseline.json"; fi
  if [ -n "$baseline" ]; then
    code=0
    judge || code=$?
  else
    echo "no baseline: commit $out/baseline.json and name it, and the next run is compared with it"
  fi
  summarize
  return "$code"
}

# Before minutes are spent on a run that could not be compared.
check_inputs() {
  local file
  for file in "$baseline" "$config"; do
    if [ -n "$file" ] && [ ! -f "$file" ]; then refuse "$file: no such file (from $PWD)"; fi
  done
  if [ -n "$config" ] && [ -z "$baseline" ]; then refuse 'thresholds without a baseline compare nothing'; fi
  case $out in *$'\n'* | *$'\r'*) refuse 'the folder of the results must have a name of one line' ;; esac
  case $fail_on_inconclusive in true | false) ;; *) refuse "fail on inconclusive: $fail_on_inconclusive: must be true or false" ;; esac
}

refuse() {
  echo "recovery-gate: $1" >&2
  exit 2
}

spr_bench() {
  if [ -n "${SPR_BENCH_CLI:-}" ]; then node "$SPR_BENCH_CLI" "$@"; else npx --no -- spr-bench "$@"; fi
}

measure() {
  local arguments=(
    --strategies "${SPR_BENCH_STRATEGIES:-full-handshake,spr}"
    --workloads "${SPR_BENCH_WORKLOADS:-request-reply}"
    --trials "${SPR_BENCH_TRIALS:-12}"
    --seed "${SPR_BENCH_SEED:-1}"
    --out "$out"
  )
  if [ -n "${SPR_BENCH_CONNECTIONS:-}" ]; then arguments+=(--connections "$SPR_BENCH_CONNECTIONS"); fi
  set -f # words, but no file names
  # shellcheck disable=SC2206
  arguments+=(${SPR_BENCH_ARGS:-})
  set +f
  spr_bench compare "${arguments[@]}"
}

judge() {
  local arguments=(--baseline "$baseline")
  if [ -n "$config" ]; then arguments+=(--config "$config"); fi
  spr_bench gate "${arguments[@]}" "$out" | tee "$out/gate.txt"
}

# The gate's answer above the table of the run.
summarize() {
  if [ -s "$out/gate.txt" ]; then
    printf '## spr-bench: gate\n\n~~~text\n%s\n~~~\n\n' "$(cat "$out/gate.txt")" > "$out/summary.md"
  fi
  cat "$out/report.md" >> "$out/summary.md"
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    head -c "$MAX_SUMMARY_BYTES" "$out/summary.md" >> "$GITHUB_STEP_SUMMARY"
  fi
}

# Tells later steps of a job, however the run ended.
finish() {
  local code=$1 verdict=''
  case $code in
    0) verdict=pass ;;
    3) verdict=violation ;;
    4) verdict=regression ;;
    5) verdict=inconclusive ;;
  esac
  if [ -n "${GITHUB_OUTPUT:-}" ]; then
    {
      echo "verdict=$verdict"
      echo "exit-code=$code"
      echo "summary=$(path_of summary.md)"
      echo "report=$(path_of report.html)"
    } >> "$GITHUB_OUTPUT"
  fi
  if [ "$code" -eq 5 ] && [ "$fail_on_inconclusive" = false ]; then
    echo 'inconclusive: the run says nothing for or against the change; it is not taken as a failure'
    exit 0
  fi
  exit "$code"
}

# Absolute, as later steps may run elsewhere; nothing for a file that this run did not write.
path_of() {
  if [ "$measured" = true ] && [ -f "$out/$1" ]; then echo "$(cd "$out" && pwd)/$1"; fi
}

main
