/* The C library's own answer. Built twice: with the glibc of this machine, and with musl.
 *
 * ask FAMILY NAME: one line, the addresses in order, or "!" and the error. FAMILY is unspec, inet,
 * inet6, the same with "+addrconfig"; canonical: the canonical name; reverse: the name of an
 * address. ask --version: the C library's version, if it says. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

static const char *error_name(int code)
{
	switch (code) {
	case EAI_AGAIN: return "EAI_AGAIN";
	case EAI_BADFLAGS: return "EAI_BADFLAGS";
	case EAI_FAIL: return "EAI_FAIL";
	case EAI_FAMILY: return "EAI_FAMILY";
	case EAI_MEMORY: return "EAI_MEMORY";
	case EAI_NONAME: return "EAI_NONAME";
	case EAI_OVERFLOW: return "EAI_OVERFLOW";
	case EAI_SERVICE: return "EAI_SERVICE";
	case EAI_SYSTEM: return "EAI_SYSTEM";
#ifdef EAI_ADDRFAMILY
	case EAI_ADDRFAMILY: return "EAI_ADDRFAMILY";
#endif
#ifdef EAI_NODATA
	case EAI_NODATA: return "EAI_NODATA";
#endif
	default: return "an error that netdb.h does not name";
	}
}

static int failed(int code)
{
	printf("!%s\n", error_name(code));
	return 0;
}

static int forward(const char *kind, const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *entry;
	char text[NI_MAXHOST];
	int code, canonical = strcmp(kind, "canonical") == 0;

	if (strncmp(kind, "inet6", 5) == 0)
		hints.ai_family = AF_INET6;
	else if (strncmp(kind, "inet", 4) == 0)
		hints.ai_family = AF_INET;
	if (strstr(kind, "+addrconfig"))
		hints.ai_flags |= AI_ADDRCONFIG;
	if (canonical)
		hints.ai_flags |= AI_CANONNAME;
	code = getaddrinfo(name, NULL, &hints, &list);
	if (code != 0)
		return failed(code);
	if (canonical) {
		printf("%s\n", list->ai_canonname ? list->ai_canonname : "");
		return 0;
	}
	for (entry = list; entry; entry = entry->ai_next) {
		code = getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, NULL, 0,
				   NI_NUMERICHOST);
		if (code != 0)
			return failed(code);
		printf("%s%s", entry == list ? "" : " ", text);
	}
	printf("\n");
	return 0;
}

static int reverse(const char *address)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	char text[NI_MAXHOST];
	int code;

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
		code = getnameinfo((struct sockaddr *)&four, sizeof four, text, sizeof text, NULL,
				   0, NI_NAMEREQD);
	else if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1)
		code = getnameinfo((struct sockaddr *)&six, sizeof six, text, sizeof text, NULL, 0,
				   NI_NAMEREQD);
	else
		return 1;
	if (code != 0)
		return failed(code);
	printf("%s\n", text);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
#ifdef __GLIBC__
		printf("%s\n", gnu_get_libc_version());
#endif
		return 0;
	}
	if (argc != 3)
		return 1;
	return strcmp(argv[1], "reverse") == 0 ? reverse(argv[2]) : forward(argv[1], argv[2]);
}
