"""motion autoencoder: squeeze a short mocap clip into a code, unroll it again, poses fed back"""
from collections import namedtuple
import numpy as np

EncStep = namedtuple('EncStep', 'pose h_before h_after')
DecStep = namedtuple('DecStep', 'pose_in h_before h_after pose_out')


def encode(clip, w):
    h = np.zeros((clip.shape[0], w['enc_hh'].shape[0]))
    steps = []
    for t in range(clip.shape[1]):
        pose = clip[:, t]
        h_after = np.tanh(pose @ w['enc_xh'] + h @ w['enc_hh'] + w['enc_b'])
        steps.append(EncStep(pose, h, h_after))
        h = h_after
    code = np.maximum(h @ w['squeeze'] + w['squeeze_b'], 0)
    return code, steps


def decode(code, first_pose, n_frames, w):
    """the code is given to the decoder at every frame; a frame is the last frame plus a predicted motion"""
    h = np.tanh(code @ w['code_h'])
    pose = first_pose
    steps = []
    for _ in range(n_frames):
        h_after = np.tanh(pose @ w['dec_xh'] + h @ w['dec_hh'] + code @ w['dec_ch'])
        pose_out = pose + h_after @ w['motion']
        steps.append(DecStep(pose, h, h_after, pose_out))
        h, pose = h_after, pose_out
    return steps


def loss_and_grads(clip, w, smooth=0.3):
    n_clips, n_frames, _ = clip.shape
    code, enc = encode(clip, w)
    dec = decode(code, clip[:, 0], n_frames - 1, w)
    loss = 0.0
    for t, s in enumerate(dec):
        loss += np.sum((s.pose_out - clip[:, t + 1]) ** 2) / n_clips
        loss += smooth * np.sum((s.pose_out - s.pose_in) ** 2) / n_clips      # do not jump

    g = {k: np.zeros_like(v) for k, v in w.items()}
    d_code = np.zeros_like(code)
    d_h = np.zeros_like(dec[0].h_before)
    d_pose = np.zeros_like(clip[:, 0])
    for t in range(len(dec) - 1, -1, -1):
        s = dec[t]
        d_jump = 2 * smooth * (s.pose_out - s.pose_in) / n_clips
        d_out = d_pose + 2 * (s.pose_out - clip[:, t + 1]) / n_clips + d_jump
        g['motion'] += s.h_after.T @ d_out
        d_pre = (d_h + d_out @ w['motion'].T) * (1 - s.h_after ** 2)
        g['dec_xh'] += s.pose_in.T @ d_pre
        g['dec_hh'] += s.h_before.T @ d_pre
        g['dec_ch'] += code.T @ d_pre
        d_code += d_pre @ w['dec_ch'].T
        d_h = d_pre @ w['dec_hh'].T
        d_pose = d_out + d_pre @ w['dec_xh'].T - d_jump
    d_start = d_h * (1 - dec[0].h_before ** 2)
    g['code_h'] += code.T @ d_start
    d_code += d_start @ w['code_h'].T

    d_squeeze = d_code * (code > 0)
    g['squeeze'] += enc[-1].h_after.T @ d_squeeze
    g['squeeze_b'] += d_squeeze.sum(axis=0)
    d_h = d_squeeze @ w['squeeze'].T
    for s in reversed(enc):
        d_pre = d_h * (1 - s.h_after ** 2)
        g['enc_xh'] += s.pose.T @ d_pre
        g['enc_hh'] += s.h_before.T @ d_pre
        g['enc_b'] += d_pre.sum(axis=0)
        d_h = d_pre @ w['enc_hh'].T
    return loss, g


def inputs():
    r = np.random.RandomState(27)
    N, T, P, H, C = 3, 5, 2, 4, 3
    w = dict(enc_xh=r.randn(P, H) * .7, enc_hh=r.randn(H, H) * .6, enc_b=r.randn(H) * .3, squeeze=r.randn(H, C), squeeze_b=r.rand(C) * .6,
             code_h=r.randn(C, H) * .8, dec_xh=r.randn(P, H) * .6, dec_hh=r.randn(H, H) * .6, dec_ch=r.randn(C, H) * .6, motion=r.randn(H, P) * .6)
    return dict(clip=r.randn(N, T, P) * .8, w=w)


def _run(module, a):
    return module.loss_and_grads(a['clip'], a['w'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "enc_xh": ["w", "enc_xh"],
    "enc_hh": ["w", "enc_hh"],
    "enc_b": ["w", "enc_b"],
    "squeeze": ["w", "squeeze"],
    "squeeze_b": ["w", "squeeze_b"],
    "code_h": ["w", "code_h"],
    "dec_xh": ["w", "dec_xh"],
    "dec_hh": ["w", "dec_hh"],
    "dec_ch": ["w", "dec_ch"],
    "motion": ["w", "motion"],
}
