/*
 * A preload library that shows one program a V4L2 camera (YUYV, streaming by mmap), for machines
 * whose kernel has none. Its pictures come from a raw file, over and over, at their true pace.
 *
 *   FAKE_V4L2_DEV   path of the device that is shown, such as /dev/video0
 *   FAKE_V4L2_FILE  the pictures: raw YUYV of the size below
 *   FAKE_V4L2_SIZE  WIDTHxHEIGHT@FPS
 *
 * What happens to the camera is told by files, and looked up at each picture:
 *   no FAKE_V4L2_FILE        it is unplugged
 *   FAKE_V4L2_FILE.busy      another program streams from it
 *   FAKE_V4L2_FILE.denied    the user may not open it
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 32

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int device = -1, pictures = -1, width = 640, height = 480, fps = 30;
static size_t picture_bytes, slot_bytes;
static unsigned char *memory;
static int queue[SLOTS], queued, buffers, streaming;
static long sequence;
static struct timespec began;

static int told(const char *suffix) {
    char path[4096];
    const char *file = getenv("FAKE_V4L2_FILE");
    if (!file) return 0;
    snprintf(path, sizeof path, "%s%s", file, suffix);
    return syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
}

static int is_ours(const char *path) {
    const char *ours = getenv("FAKE_V4L2_DEV");
    return path && ours && strcmp(path, ours) == 0;
}

static int fail(int error) {
    errno = error;
    return -1;
}

static int open_device(void) {
    const char *size = getenv("FAKE_V4L2_SIZE");
    if (!told("")) return fail(ENOENT);
    if (told(".denied")) return fail(EACCES);
    if (device >= 0) return fail(EBUSY);
    if (size) sscanf(size, "%dx%d@%d", &width, &height, &fps);
    long page = sysconf(_SC_PAGESIZE);
    picture_bytes = (size_t)width * height * 2;
    slot_bytes = (picture_bytes + page - 1) / page * page;
    pictures = syscall(SYS_openat, AT_FDCWD, getenv("FAKE_V4L2_FILE"), O_RDONLY | O_CLOEXEC, 0);
    if (pictures < 0) return fail(ENOENT);
    int made = memfd_create("fakev4l2", MFD_CLOEXEC);
    if (made < 0 || ftruncate(made, slot_bytes * SLOTS)) return fail(ENOMEM);
    memory = mmap(NULL, slot_bytes * SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED, made, 0);
    if (memory == MAP_FAILED) return fail(ENOMEM);
    queued = buffers = streaming = 0;
    device = made;
    return made;
}

#define OPEN_WITH_MODE(name)                                                    \
    int name(const char *path, int flags, ...) {                                \
        mode_t mode = 0;                                                        \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                  \
            va_list rest;                                                       \
            va_start(rest, flags);                                              \
            mode = va_arg(rest, mode_t);                                        \
            va_end(rest);                                                       \
        }                                                                       \
        if (is_ours(path)) return open_device();                                \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);          \
        return real(path, flags, mode);                                         \
    }
OPEN_WITH_MODE(open)
OPEN_WITH_MODE(open64)

#define OPEN_WITHOUT_MODE(name)                                                 \
    int name(const char *path, int flags) {                                     \
        if (is_ours(path)) return open_device();                                \
        int (*real)(const char *, int) = dlsym(RTLD_NEXT, #name);               \
        return real(path, flags);                                               \
    }
OPEN_WITHOUT_MODE(__open_2)
OPEN_WITHOUT_MODE(__open64_2)

int close(int fd) {
    if (fd >= 0 && fd == device) {
        munmap(memory, slot_bytes * SLOTS);
        syscall(SYS_close, pictures);
        device = -1;
    }
    return syscall(SYS_close, fd);
}

static int read_picture(unsigned char *slot) {
    if (read(pictures, slot, picture_bytes) == (ssize_t)picture_bytes) return 0;
    lseek(pictures, 0, SEEK_SET);
    return read(pictures, slot, picture_bytes) == (ssize_t)picture_bytes ? 0 : -1;
}

static struct timespec wait_for_its_time(void) {
    struct timespec due = began;
    long long ns = due.tv_nsec + sequence * 1000000000LL / fps;
    due.tv_sec += ns / 1000000000LL;
    due.tv_nsec = ns % 1000000000LL;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    return due;
}

static int give_picture(struct v4l2_buffer *buffer) {
    if (!streaming || !queued) return fail(EINVAL);
    struct timespec taken = wait_for_its_time();
    if (!told("")) return fail(ENODEV);
    int slot = queue[0];
    memmove(queue, queue + 1, sizeof *queue * --queued);
    if (read_picture(memory + slot * slot_bytes)) return fail(EIO);
    buffer->index = slot;
    buffer->bytesused = picture_bytes;
    buffer->length = slot_bytes;
    buffer->m.offset = slot * slot_bytes;
    buffer->field = V4L2_FIELD_NONE;
    buffer->sequence = sequence++;
    buffer->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_DONE | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    buffer->timestamp.tv_sec = taken.tv_sec;
    buffer->timestamp.tv_usec = taken.tv_nsec / 1000;
    return 0;
}

static int describe(struct v4l2_capability *capability) {
    memset(capability, 0, sizeof *capability);
    strcpy((char *)capability->driver, "fakev4l2");
    strcpy((char *)capability->card, "Camera made of a file");
    strcpy((char *)capability->bus_info, "platform:fakev4l2");
    capability->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    capability->capabilities = capability->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

static int describe_input(struct v4l2_input *input) {
    if (input->index) return fail(EINVAL);
    memset(input, 0, sizeof *input);
    strcpy((char *)input->name, "file");
    input->type = V4L2_INPUT_TYPE_CAMERA;
    return 0;
}

static int describe_format(struct v4l2_fmtdesc *format) {
    if (format->index || format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return fail(EINVAL);
    format->flags = 0;
    strcpy((char *)format->description, "YUYV 4:2:2");
    format->pixelformat = V4L2_PIX_FMT_YUYV;
    return 0;
}

static int fill_format(struct v4l2_format *format) {
    if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return fail(EINVAL);
    format->fmt.pix.width = width;
    format->fmt.pix.height = height;
    format->fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
    format->fmt.pix.field = V4L2_FIELD_NONE;
    format->fmt.pix.bytesperline = width * 2;
    format->fmt.pix.sizeimage = picture_bytes;
    format->fmt.pix.colorspace = V4L2_COLORSPACE_SRGB;
    return 0;
}

static int fill_rate(struct v4l2_streamparm *rate) {
    rate->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
    rate->parm.capture.timeperframe.numerator = 1;
    rate->parm.capture.timeperframe.denominator = fps;
    return 0;
}

static int make_buffers(struct v4l2_requestbuffers *request) {
    if (request->memory != V4L2_MEMORY_MMAP) return fail(EINVAL);
    if (told(".busy")) return fail(EBUSY);
    if (request->count > SLOTS) request->count = SLOTS;
    buffers = request->count;
    queued = 0;
    return 0;
}

static int describe_buffer(struct v4l2_buffer *buffer) {
    if (buffer->index >= (unsigned)buffers) return fail(EINVAL);
    buffer->length = slot_bytes;
    buffer->m.offset = buffer->index * slot_bytes;
    buffer->bytesused = 0;
    buffer->flags = 0;
    return 0;
}

static int answer(unsigned request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCAP: return describe(argument);
    case VIDIOC_ENUMINPUT: return describe_input(argument);
    case VIDIOC_G_INPUT: *(int *)argument = 0; return 0;
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_ENUM_FMT: return describe_format(argument);
    case VIDIOC_G_FMT: case VIDIOC_S_FMT: case VIDIOC_TRY_FMT: return fill_format(argument);
    case VIDIOC_G_PARM: case VIDIOC_S_PARM: return fill_rate(argument);
    case VIDIOC_REQBUFS: return make_buffers(argument);
    case VIDIOC_QUERYBUF: return describe_buffer(argument);
    case VIDIOC_QBUF:
        if (queued < SLOTS) queue[queued++] = ((struct v4l2_buffer *)argument)->index;
        return 0;
    case VIDIOC_STREAMON:
        streaming = 1;
        sequence = 0;
        clock_gettime(CLOCK_MONOTONIC, &began);
        return 0;
    case VIDIOC_STREAMOFF: streaming = queued = 0; return 0;
    case VIDIOC_DQBUF: return give_picture(argument);
    default: return fail(ENOTTY);
    }
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (fd >= 0 && fd == device) {
        pthread_mutex_lock(&lock);
        int result = answer((unsigned)request, argument);
        pthread_mutex_unlock(&lock);
        return result;
    }
    int (*real)(int, unsigned long, void *) = dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, argument);
}
