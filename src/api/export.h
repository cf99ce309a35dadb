/* export.h - COPY ... TO for connections. */
#ifndef STOA_API_EXPORT_H
#define STOA_API_EXPORT_H

struct vm_host;

/* Registers the writers of io/ with a connection's machine. */
void export_connect(struct vm_host *host);

#endif
