/* The least that a view takes, as the limit that netns-exec is measured against:
 *
 *     least-view NAME PROGRAM [ARGUMENT...]
 *
 * enters the namespace, makes a private copy of the host's mounts, mounts a sysfs and three
 * overrides, and becomes the program. It does not keep what is mounted below /sys, hides no daemons,
 * checks nothing, and leaves nothing to heal the view by.
 *
 *     least-view --all PROGRAM [ARGUMENT...]
 *
 * does so in every namespace, as many at a time as there are processors, from one copy of the
 * host's mounts that has none of the namespaces. It passes on no output and tells of no failure but
 * by its exit status.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static const char named[] = "/run/netns";

static int failed(const char *what)
{
	perror(what);
	return 99;
}

static int copy_mounts(void)
{
	if (unshare(CLONE_NEWNS) != 0)
		return failed("unshare");
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) != 0)
		return failed("make / a slave");
	return 0;
}

/* Returns only if it fails. */
static int become(int directory, const char *name, char **program)
{
	static const char *const overrides[] = { "hosts", "nsswitch.conf", "resolv.conf" };
	char path[4096], target[64];

	if (setns(openat(directory, name, O_RDONLY | O_CLOEXEC), CLONE_NEWNET) != 0)
		return failed(name);
	if (copy_mounts() != 0)
		return 99;
	if (mount("sysfs", "/sys", "sysfs", 0, NULL) != 0)
		return failed("/sys");
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "/etc/netns/%s/%s", name, overrides[i]);
		snprintf(target, sizeof target, "/etc/%s", overrides[i]);
		if (mount(path, target, NULL, MS_BIND, NULL) != 0 && errno != ENOENT)
			return failed(target);
	}
	execv(program[0], program);
	return failed(program[0]);
}

static int wait_for_one(void)
{
	int status;

	return wait(&status) > 0 && status == 0 ? 0 : 99;
}

static int become_in_all(int directory, char **program)
{
	int running = 0, most = sysconf(_SC_NPROCESSORS_ONLN), status = 0;
	struct dirent *entry;
	DIR *names = opendir(named);

	/* The directory as it was stays within reach of its descriptor. */
	if (names == NULL || copy_mounts() != 0)
		return failed(named);
	while (umount2(named, MNT_DETACH) == 0)
		;
	while ((entry = readdir(names)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (running == most) {
			status |= wait_for_one();
			running--;
		}
		switch (fork()) {
		case -1:
			return failed("fork");
		case 0:
			_exit(become(directory, entry->d_name, program));
		}
		running++;
	}
	for (; running > 0; running--)
		status |= wait_for_one();
	return status;
}

int main(int argc, char **argv)
{
	int directory = open(named, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (argc < 3) {
		fputs("usage: least-view NAME|--all PROGRAM [ARGUMENT...]\n", stderr);
		return 99;
	}
	if (directory < 0)
		return failed(named);
	if (strcmp(argv[1], "--all") == 0)
		return become_in_all(directory, argv + 2);
	return become(directory, argv[1], argv + 2);
}
