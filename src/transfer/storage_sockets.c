#include "transfer/storage_sockets.h"

#include "base/log.h"
#include "base/scope.h"

/* On its way to the pool, where one may wait for a network, and back. */
struct storage_socket {
	struct storage_sockets *sockets; /* NULL: the worker is gone */
	struct objects *objects;
	uint32_t number;
	char *origin; /* owned */
	int fd, ca;
	int result;
	struct sp_error err;
};

static void dial(void *ctx)
{
	struct storage_socket *socket = ctx;
	socket->result = objects_dial(socket->objects, socket->origin, &socket->fd, &socket->ca,
				      &socket->err);
}

static void hand_over(struct storage_socket *socket)
{
	struct storage_sockets *sockets = socket->sockets;
	if (socket->result != 0) {
		sockets->send(sockets->ctx,
			      &(struct worker_message){ .kind = WORKER_NO_STORAGE,
							.request = socket->number,
							.code = socket->err.code,
							.text = socket->err.message },
			      -1);
		return;
	}
	/* Whom to trust comes before whom to talk to. */
	if (socket->ca >= 0)
		sockets->send(sockets->ctx,
			      &(struct worker_message){ .kind = WORKER_STORAGE_CA,
							.url = socket->origin },
			      sp_take_fd(&socket->ca));
	sockets->send(sockets->ctx,
		      &(struct worker_message){ .kind = WORKER_STORAGE_SOCKET,
						.request = socket->number },
		      sp_take_fd(&socket->fd));
}

static void dialled(void *ctx)
{
	struct storage_socket *socket = ctx;
	struct storage_sockets *sockets = socket->sockets;
	for (size_t i = 0; sockets != NULL && i < STORAGE_SOCKETS_MAX; i++)
		if (sockets->under_way[i] == socket)
			sockets->under_way[i] = NULL;
	if (sockets != NULL)
		hand_over(socket);
	sp_close_fd(&socket->fd);
	sp_close_fd(&socket->ca);
	free(socket->origin);
	free(socket);
}

static void refuse(struct storage_sockets *sockets, const struct worker_message *message)
{
	struct sp_error why = { 0 };
	sp_fail(&why, SP_DENIED,
		"cannot have a connection to the storage at %s: no file under way is there",
		message->url);
	sockets->send(sockets->ctx,
		      &(struct worker_message){ .kind = WORKER_NO_STORAGE,
						.request = message->request,
						.code = why.code,
						.text = why.message },
		      -1);
	sp_log(SP_LOG_WARNING, "a worker %s", why.message);
}

int storage_sockets_ask(struct storage_sockets *sockets, const struct worker_message *message)
{
	struct objects *objects = sockets->ground->rooms.objects;
	size_t storage;
	if (message->url == NULL || !objects_storage_at(objects, message->url, &storage))
		return -1;
	if (!sockets->may_have(sockets->ctx, message->url)) {
		refuse(sockets, message);
		return 0;
	}
	for (size_t i = 0; i < STORAGE_SOCKETS_MAX; i++) {
		if (sockets->under_way[i] != NULL)
			continue;
		struct storage_socket *socket = sockets->under_way[i] = sp_alloc(sizeof(*socket));
		*socket = (struct storage_socket){ .sockets = sockets,
						   .objects = objects,
						   .number = message->request,
						   .origin = sp_strdup(message->url),
						   .fd = -1,
						   .ca = -1 };
		ground_run_storage(sockets->ground, storage, dial, dialled, socket);
		return 0;
	}
	return -1;
}

void storage_sockets_end(struct storage_sockets *sockets)
{
	for (size_t i = 0; i < STORAGE_SOCKETS_MAX; i++) {
		if (sockets->under_way[i] != NULL)
			sockets->under_way[i]->sockets = NULL;
		sockets->under_way[i] = NULL;
	}
}
