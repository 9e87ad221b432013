/* A library to read: a function of the library's own, one with two names, one that is exported. */
int sample_exported(int number);
int sample_strong(int number);
int sample_weak(int number);

__attribute__((noinline)) static int sample_hidden(int number)
{
    return number * 3;
}

int sample_exported(int number)
{
    return sample_hidden(number) + 1;
}

int sample_strong(int number)
{
    return number + 2;
}

int sample_weak(int number) __attribute__((weak, alias("sample_strong")));
