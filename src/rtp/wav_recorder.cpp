#include "rtp/wav_recorder.h"

#include <algorithm>
#include <cerrno>

#include "rtp/wav.h"

namespace tipring::rtp {

WavRecorder::WavRecorder() : slots_(kSlots), ring_(slots_) {
  batch_.reserve(kSlots * kFrameSamples * 2);
}

WavRecorder::~WavRecorder() { close(); }

int WavRecorder::open(port::Files& files, port::Workers& workers, std::string_view path) {
  int error = 0;
  file_ = files.open(path, port::OpenMode::ReadWriteCreate, error);
  if (!file_) return error;
  error = file_->truncate(0);
  // A file whose writer dies is a file without sound, not a broken one.
  if (error == 0) error = file_->append(make_wav_header(WavFormat::Pcm16, 0));
  if (error == 0) worker_ = workers.start("record", *this);
  if (error == 0 && worker_ == nullptr) error = EAGAIN;
  if (error != 0) file_.reset();
  return error;
}

void WavRecorder::write(std::span<const int16_t> frame) {
  if (worker_ == nullptr) return;
  while (!frame.empty()) {
    const size_t count = std::min(frame.size(), kFrameSamples);
    Slot* const slot = ring_.begin_push();
    if (slot == nullptr) {
      ++lost_;
    } else {
      std::copy_n(frame.begin(), count, slot->samples.begin());
      slot->count = count;
      ring_.commit_push();
    }
    frame = frame.subspan(count);
  }
  worker_->notify();
}

int WavRecorder::close() {
  if (!file_) return error_;
  worker_.reset();  // serves once more what waits
  flush();
  if (error_ == 0) {
    const auto header = make_wav_header(WavFormat::Pcm16, static_cast<uint32_t>(data_bytes_));
    error_ = file_->write_at(0, header);
  }
  file_.reset();
  return error_;
}

Millis WavRecorder::serve(Millis) {
  flush();
  return kNever;
}

void WavRecorder::flush() {
  batch_.clear();
  for (size_t left = ring_.size(); left > 0; --left) {
    const Slot& slot = *ring_.front();
    for (size_t i = 0; i < slot.count; ++i) {
      const auto bits = static_cast<uint16_t>(slot.samples[i]);
      batch_.push_back(static_cast<char>(bits));
      batch_.push_back(static_cast<char>(bits >> 8));
    }
    ring_.pop();
  }
  if (batch_.empty() || error_ != 0) return;
  if (data_bytes_ + batch_.size() > kWavDataMax) {
    error_ = EFBIG;
    return;
  }
  error_ = file_->write_at(kWavHeaderBytes + data_bytes_, batch_);
  if (error_ == 0) data_bytes_ += batch_.size();
}

}  // namespace tipring::rtp
