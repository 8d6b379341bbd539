#!/usr/bin/env bash
# Installs ganjax into .venv and trains a DCGAN on handwritten digits.
set -euo pipefail
source "$(dirname "$0")/environment.sh"

echo "Installing into .venv …"
install -r requirements.txt -e .

echo "Training the config quickstart in runs/quickstart …"
.venv/bin/ganjax train --config=quickstart --workdir=runs/quickstart

cat <<'NEXT'

Where to look next
  runs/quickstart/report.html     curves, samples over time, config: open it in a browser
  runs/quickstart/samples/        a grid of generated digits every 1,000 steps
  source .venv/bin/activate
  ganjax sample --workdir=runs/quickstart --n=100 --out=runs/digits.png
  ganjax train --config=quickstart --workdir=runs/digits_hinge --config.loss.name=hinge
NEXT
