/* The least that a view takes, as the limit that netns-exec is measured against:
 *
 *     least-view NAME PROGRAM [ARGUMENT...]
 *
 * enters the namespace, makes a private copy of the host's mounts, mounts a sysfs and three
 * overrides, and becomes the program. It does not keep what is mounted below /sys, hides no daemons,
 * checks nothing, and leaves nothing to heal the view by. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

static int failed(const char *what)
{
	perror(what);
	return 99;
}

int main(int argc, char **argv)
{
	static const char *const overrides[] = { "hosts", "nsswitch.conf", "resolv.conf" };
	char path[4096], target[64];

	if (argc < 3) {
		fputs("usage: least-view NAME PROGRAM [ARGUMENT...]\n", stderr);
		return 99;
	}
	snprintf(path, sizeof path, "/run/netns/%s", argv[1]);
	if (setns(open(path, O_RDONLY | O_CLOEXEC), CLONE_NEWNET) != 0)
		return failed(path);
	if (unshare(CLONE_NEWNS) != 0)
		return failed("unshare");
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) != 0)
		return failed("make / a slave");
	if (mount("sysfs", "/sys", "sysfs", 0, NULL) != 0)
		return failed("/sys");
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "/etc/netns/%s/%s", argv[1], overrides[i]);
		snprintf(target, sizeof target, "/etc/%s", overrides[i]);
		if (mount(path, target, NULL, MS_BIND, NULL) != 0)
			return failed(target);
	}
	execv(argv[2], argv + 2);
	return failed(argv[2]);
}
