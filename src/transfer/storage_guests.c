#include "transfer/storage_guests.h"

#include <stdlib.h>

#include "base/scope.h"

struct guest {
	struct storage_guests *guests;
	size_t storage;
	loop_fn *work;
	void *ctx;
};

static void work_for(void *ctx)
{
	struct guest *guest = ctx;
	guest->work(guest->ctx);
}

static void left(void *ctx)
{
	struct guest *guest = ctx;
	guest->guests->count[guest->storage]--;
	free(guest);
}

void storage_guests_run(struct storage_guests *guests, size_t storage, loop_fn *work, loop_fn *drop,
			void *ctx)
{
	struct ground *ground = guests->ground;
	if (guests->count == NULL)
		guests->count = sp_alloc((objects_storages(ground->rooms.objects) + 1) *
					 sizeof(*guests->count));
	if (ground->stopping || guests->count[storage] == STORAGE_GUESTS_MAX) {
		drop(ctx);
		return;
	}
	struct guest *guest = sp_alloc(sizeof(*guest));
	*guest = (struct guest){ guests, storage, work, ctx };
	guests->count[storage]++;
	ground_run_storage(ground, storage, work_for, left, guest);
}

void storage_guests_finish(struct storage_guests *guests)
{
	free(sp_take_pointer(&guests->count));
}
