#!/usr/bin/env bash
# Lays sylstream out as it runs in a container: packed as for the registry, installed with its runtime packages alone.
#   deploy/layout.sh PROJECT FOLDER      PROJECT is built (npm run build)
set -euo pipefail
project=$(realpath "$1") folder=$2
mkdir -p "$folder"
folder=$(realpath "$folder")
packed=$(cd "$project" && npm pack --silent --ignore-scripts --pack-destination "$folder")
cd "$folder"
echo '{"name": "gateway", "private": true}' >package.json
# No scripts: onnxruntime-node brings its CPU library in the package, and the microphone is not for a server.
npm install --silent --no-audit --no-fund --ignore-scripts --omit=dev "./$packed" @grpc/grpc-js@1.14.7 @grpc/proto-loader@0.8.1
rm -rf "$packed" node_modules/naudiodon
