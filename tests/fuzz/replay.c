/* Gives every file of a corpus folder to a fuzz driver: fuzzers are ordinary tests over it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

enum {
    INPUT_MAX = 1 << 20
};

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    /* Exactly as large as the input, so that a sanitizer sees a byte beyond. */
    uint8_t *all = malloc(INPUT_MAX);
    const size_t size = fread(all, 1, INPUT_MAX, file);
    fclose(file);
    uint8_t *data = realloc(all, size > 0 ? size : 1);
    const int rc = LLVMFuzzerTestOneInput(data, size);
    free(data);
    return rc;
}

int main(int argc, char **argv)
{
    int count = 0;
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (dir == NULL) {
        fprintf(stderr, "usage: %s CORPUS_DIR\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry = NULL; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] != '.') {
            count++;
            if (replay_file(path) != 0) {
                return 1;
            }
        }
    }
    closedir(dir);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1; /* an empty corpus tests nothing */
}
