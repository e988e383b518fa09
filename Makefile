# Each target is one line: what it does is the command.
.PHONY: run cluster test check bench load faults model evaluate fmt

run: ; cargo run --release
cluster: ; cargo build --release && cargo run --release -p finbrain-loadtest -- cluster
test: ; bash .ci/test
check: ; cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings && cd frontend && npm run lint
bench: ; FINBRAIN_UI=skip cargo bench --bench figures
load: ; FINBRAIN_UI=skip cargo build --release && cargo run --release -p finbrain-loadtest -- load
faults: ; FINBRAIN_UI=skip cargo build --release && cargo run --release -p finbrain-loadtest -- faults --write loadtest/README.md
model: ; cargo run --release -p finbrain-ml --bin model
evaluate: ; cargo run --release -p finbrain-ml --bin evaluate -- $(FINBRAIN_TEST_DATA)/finbrain_labelled.csv
fmt: ; cargo fmt --all
