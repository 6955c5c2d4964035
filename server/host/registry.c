/* registry.c - finds modules, opens them once, and knows them from then on
 * SPDX-License-Identifier: MIT */

#include "registry.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "claims.h"
#include "heap.h"
#include "module.h"
#include "nearest.h"

#define NAMES_MOST 128 /* that a misspelt one is compared with */

static struct known {
	const struct tern_module *module;
	char *path;       /* NULL: linked in */
	struct stat file; /* as it was opened */
} *known;
static size_t known_count;

static struct known *find_known(const char *name)
{
	for (size_t i = 0; i < known_count; i++) {
		if (strcmp(known[i].module->name, name) == 0)
			return &known[i];
	}
	return NULL;
}

static struct known *add(const struct tern_module *module)
{
	known = heap_resize(known, (known_count + 1) * sizeof *known);
	known[known_count] = (struct known){ .module = module };
	return &known[known_count++];
}

void registry_add(const struct tern_module *module)
{
	if (registry_find(module->name) != module)
		add(module);
}

const struct tern_module *registry_find(const char *name)
{
	struct known *found = find_known(name);

	return found ? found->module : NULL;
}

/* dlopen gives the old code of a path that is mapped, whatever lies there now. */
const char *registry_refuse_changed(struct arena *arena, const struct tern_module *module)
{
	const struct known *found = find_known(module->name);
	struct stat now;

	if (!found || !found->path || stat(found->path, &now) < 0 ||
	    (now.st_ino == found->file.st_ino && now.st_size == found->file.st_size &&
	     now.st_mtim.tv_sec == found->file.st_mtim.tv_sec &&
	     now.st_mtim.tv_nsec == found->file.st_mtim.tv_nsec))
		return NULL;
	return arena_printf(arena, "the file of module `%s` (%s) has changed since this server opened "
		"it: the new one comes with a restart", module->name, found->path);
}

/* The names of the modules in a folder, behind those that are there: how many there are now. */
static size_t add_names(struct arena *arena, const char *folder, const char **names, size_t count)
{
	DIR *dir = opendir(folder);

	for (struct dirent *entry; dir && count < NAMES_MOST && (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);

		if (len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0)
			names[count++] = arena_strndup(arena, entry->d_name, len - 3);
	}
	if (dir)
		closedir(dir);
	return count;
}

static const char *refuse_missing(struct arena *arena, const char *const *folders,
	const char *name)
{
	const char *names[NAMES_MOST], *all = "";
	size_t count = 0;

	for (size_t i = 0; folders[i]; i++) {
		all = arena_printf(arena, "%s%s%s", all, i ? ", " : "", folders[i]);
		count = add_names(arena, folders[i], names, count);
	}
	return arena_printf(arena, "there is no module `%s` in %s%s", name, all,
		nearest_hint(arena, name, names, count));
}

/* The first of the files that are there, or NULL. */
static const char *find_file(struct arena *arena, const char *const *folders, const char *name)
{
	for (; claims_is_name(name) && *folders; folders++) {
		const char *path = arena_printf(arena, "%s/%s.so", *folders, name);

		if (access(path, F_OK) == 0)
			return path;
	}
	return NULL;
}

/* The linker's words, without the path that it begins with, and clearer for those who do not know
 * them. */
static const char *refuse_file(struct arena *arena, const char *path)
{
	const char *said = dlerror();
	size_t len = strlen(path);

	if (strncmp(said, path, len) == 0 && strncmp(said + len, ": ", 2) == 0)
		said += len + 2;
	if (strncmp(said, "undefined symbol", 16) == 0)
		return arena_printf(arena, "%s: this server has nothing of that name", said);
	if (strstr(said, "ELF") || strcmp(said, "file too short") == 0)
		return arena_printf(arena, "it is no shared object for this machine (%s)", said);
	return arena_strdup(arena, said);
}

/* Of the same number, and yet of other headers: its tables are not what they seem. */
static bool is_of_other_headers(void *object, const struct tern_module *module)
{
	const uint64_t *shape = dlsym(object, "tern_module_shape");

	return module->abi == TERN_MODULE_ABI && (!shape || *shape != tern_module_shape);
}

static const char *refuse_object(struct arena *arena, void *object, const char *name)
{
	const struct tern_module *module = dlsym(object, "tern_module");
	const char *why;

	if (!module)
		return "it exports no `tern_module`";
	if (is_of_other_headers(object, module))
		return "it was built with other headers than those of this server: build it again";
	why = claims_refuse(arena, module);
	if (!why && strcmp(module->name, name) != 0)
		why = arena_printf(arena, "it calls itself `%s`", module->name);
	return why;
}

/* What is refused goes again, so that it can be mended and tried while the process runs. */
static const char *open_file(struct arena *arena, const char *path, const char *name,
	const struct tern_module **ret_module)
{
	struct stat before = { 0 }; /* a file that changes meanwhile has changed */
	struct known *new;
	const char *why;
	void *object;

	stat(path, &before);
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!object)
		return refuse_file(arena, path);
	why = refuse_object(arena, object, name);
	if (why) {
		dlclose(object);
		return why;
	}
	new = add(dlsym(object, "tern_module"));
	new->path = heap_strdup(path);
	new->file = before;
	*ret_module = new->module;
	return NULL;
}

int registry_open(struct arena *arena, const char *const *folders, const char *name,
	const struct tern_module **ret_module, const char **ret_why)
{
	const struct tern_module *module = registry_find(name);
	const char *path, *why;

	if (module) {
		*ret_module = module;
		return 0;
	}
	path = find_file(arena, folders, name);
	if (!path) {
		*ret_why = refuse_missing(arena, folders, name);
		return -ENOENT;
	}
	why = open_file(arena, path, name, &module);
	if (why) {
		*ret_why = arena_printf(arena, "module `%s` (%s) cannot be used: %s", name, path, why);
		return -EINVAL;
	}
	*ret_module = module;
	return 0;
}
