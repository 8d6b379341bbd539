from ganjax.sweeps.slots import gpus, slots


def test_gpus_are_those_that_the_environment_leaves():
    assert gpus({"CUDA_VISIBLE_DEVICES": "3, 5"}) == ["3", "5"]
    assert gpus({"CUDA_VISIBLE_DEVICES": ""}) == []
    assert gpus({"CUDA_VISIBLE_DEVICES": "3", "JAX_PLATFORMS": "cpu"}) == []
    assert gpus({"CUDA_VISIBLE_DEVICES": "3", "JAX_PLATFORMS": "cuda,cpu"}) == ["3"]


def test_a_slot_has_accelerators_of_its_own():
    found = slots(0, accelerators=["3", "5", "7"])
    assert [s.environment["CUDA_VISIBLE_DEVICES"] for s in found] == ["3", "5", "7"]
    found = slots(0, 2, accelerators=["3", "5", "7"])
    assert [s.environment["CUDA_VISIBLE_DEVICES"] for s in found] == ["3,5"]
    assert len(slots(2, accelerators=["3", "5", "7"])) == 2


def test_cores_are_shared_or_split():
    assert [s.cores for s in slots(0, cores=range(8))] == [(), ()]
    assert [s.cores for s in slots(0, cores=[4])] == [()]
    assert [s.cores for s in slots(0, cores=range(3), pinned=True)] == [
        (0,),
        (1,),
        (2,),
    ]
    assert [s.cores for s in slots(2, cores=range(5), pinned=True)] == [(0, 1), (2, 3)]
