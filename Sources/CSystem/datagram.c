#include "datagram.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int daxswitch_send_datagram(const char *path, const void *bytes, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	ssize_t sent;
	int socket_;

	if (strlen(path) >= sizeof(address.sun_path))
		return 0;
	strcpy(address.sun_path, path);
	socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (socket_ < 0)
		return 0;
	sent = sendto(socket_, bytes, size, MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof(address));
	close(socket_);
	return sent == (ssize_t)size;
}
