/* A driver library for tests: one GPU, of the compute capability in FAKE_CAPABILITY, e.g. "89". */
#include <stdlib.h>
#include <string.h>

static int fake(const char *name, int otherwise) {
    const char *value = getenv(name);
    return value ? atoi(value) : otherwise;
}

int cuInit(unsigned flags) { return fake("FAKE_INIT", 0); }
int cuDeviceGetCount(int *count) { *count = fake("FAKE_COUNT", 1); return 0; }
int cuDeviceGet(int *device, int index) { *device = index; return 0; }
int cuDeviceGetName(char *name, int size, int device) { strncpy(name, "Fake 4090", size); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)24 << 30; return 0; }

int cuDeviceGetAttribute(int *value, int which, int device) {
    int capability = fake("FAKE_CAPABILITY", 89);
    *value = which == 75 ? capability / 10 : which == 76 ? capability % 10 : -1;
    return 0;
}
