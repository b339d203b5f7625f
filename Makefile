# Other names for ./run, for hands that type make.
.PHONY: run test validate requirements

run:
	./run

test:
	./run test

validate:
	./run check

requirements:
	./run lock
