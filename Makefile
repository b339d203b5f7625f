# Other names for ./run, for hands that type make.
.PHONY: run test check validate requirements

run:
	./run

test:
	./run test

check:
	./run check

validate:
	./run test

requirements:
	./run lock
