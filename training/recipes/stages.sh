# For the run.sh of a recipe, which sources it and then calls `stages "$@"`: the stages that were named, else ALL, each a function of the script.
# PYTHON (python3) has requirements.txt; everything is run in training/; a stage that fails ends the run, and naming the rest goes on from there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-python3}
runs=$(mkdir -p "${RUNS:-runs}" && cd "${RUNS:-runs}" && pwd)
export RUNS=$runs PYTHONDONTWRITEBYTECODE=1 OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

m() { "$python" -m "$@"; }

stages() {
  local stage
  for stage in "${@:-${ALL[@]}}"; do
    case " ${ALL[*]} " in
      *" $stage "*) ;;
      *) echo "stage: expected some of ${ALL[*]}, got $stage" >&2; exit 2 ;;
    esac
  done
  for stage in "${@:-${ALL[@]}}"; do
    echo "== $stage ($SECONDS s)"
    "$stage"
  done
  echo "== done ($SECONDS s)"
}
