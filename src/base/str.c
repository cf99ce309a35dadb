/* str.c - growing text buffer; ASCII comparison without locale. */
#include "base/str.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void str_init(struct str *str, struct memory *memory)
{
    *str = (struct str){.memory = memory};
}

void str_init_room(struct str *str, struct memory *memory, char *room, size_t bytes)
{
    *str = (struct str){.memory = memory, .data = room, .capacity = bytes, .in_room = true};
}

void str_free(struct str *str)
{
    if (!str->in_room)
        memory_free(str->memory, str->data, str->capacity);
    str_init(str, str->memory);
}

void str_clear(struct str *str)
{
    str->bytes = 0;
    str->failed = false;
}

bool str_reserve(struct str *str, size_t more)
{
    size_t wanted, capacity;
    char  *data;

    if (str->failed)
        return false;
    if (more <= str->capacity - str->bytes)
        return true;
    if (__builtin_add_overflow(str->bytes, more, &wanted) || wanted > SIZE_MAX / 2) {
        str->failed = true;
        return false;
    }
    capacity = str->capacity < 64 ? 64 : str->capacity * 2;
    while (capacity < wanted)
        capacity *= 2;
    data = memory_realloc(str->memory, str->in_room ? NULL : str->data, str->capacity, capacity);
    if (data == NULL) {
        str->failed = true;
        return false;
    }
    if (str->in_room)
        memcpy(data, str->data, str->bytes);
    str->in_room = false;
    str->data = data;
    str->capacity = capacity;
    return true;
}

void str_append(struct str *str, const char *data, size_t bytes)
{
    if (bytes == 0 || !str_reserve(str, bytes))
        return;
    if (memory_copy(str->memory, str->data + str->bytes, data, bytes))
        str->bytes += bytes;
    else
        str->failed = true;
}

void str_text(struct str *str, const char *text)
{
    str_append(str, text, strlen(text));
}

void str_char(struct str *str, char c)
{
    str_append(str, &c, 1);
}

void str_printf(struct str *str, const char *format, ...)
{
    va_list args;
    int     length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !str_reserve(str, (size_t)length + 1))
        return;
    va_start(args, format);
    vsnprintf(str->data + str->bytes, (size_t)length + 1, format, args);
    va_end(args);
    str->bytes += (size_t)length;
}

char *str_end(struct str *str)
{
    if (!str_reserve(str, 1))
        return NULL;
    str->data[str->bytes] = '\0';
    return str->data;
}

int ascii_casecmp(const char *a, const char *b)
{
    for (;; a++, b++) {
        unsigned char x = (unsigned char)ascii_lower(*a), y = (unsigned char)ascii_lower(*b);

        if (x != y)
            return x < y ? -1 : 1;
        if (x == '\0')
            return 0;
    }
}

bool ascii_equal(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    if (a_bytes != b_bytes)
        return false;
    for (size_t i = 0; i < a_bytes; i++)
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    return true;
}

bool bytes_equal_long(const char *a, const char *b, size_t bytes)
{
    size_t at = 0;

    for (size_t end; (end = interrupt_text(at, bytes)) > at; at = end)
        if (memcmp(a + at, b + at, end - at) != 0)
            return false;
    return at == bytes;
}
